"""The application: routes, errors as problems, and the shell around them."""

from collections.abc import Mapping
from http import HTTPStatus

from fastapi import APIRouter, FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from prometheus_client import CollectorRegistry
from starlette.exceptions import HTTPException
from starlette.routing import Route

from hepscope_common import __version__
from hepscope_common.clock import Clock, wall_clock_us
from hepscope_common.names import Names, NamesSettings
from hepscope_common.ops import Readiness
from hepscope_query_api import system
from hepscope_query_api.aliases.endpoints import router as aliases
from hepscope_query_api.calls.endpoints import router as calls
from hepscope_query_api.context import Context
from hepscope_query_api.export.endpoints import router as export
from hepscope_query_api.fields.endpoints import router as fields
from hepscope_query_api.hops import endpoints as hops
from hepscope_query_api.live.endpoints import router as live
from hepscope_query_api.live.live import Live
from hepscope_query_api.logs.endpoints import router as logs
from hepscope_query_api.logs.sources import log_sources
from hepscope_query_api.media.endpoints import router as media
from hepscope_query_api.messages.endpoints import router as messages
from hepscope_query_api.metrics import ApiMetrics
from hepscope_query_api.nodes.endpoints import router as nodes
from hepscope_query_api.problems import MEDIA_TYPE, Kind, Problem, ProblemError, response_of
from hepscope_query_api.query.database import Database, Pool
from hepscope_query_api.query.parameters import validation_problem
from hepscope_query_api.readiness import LOOK_TIMEOUT_SECONDS, DatabaseReadiness
from hepscope_query_api.registrations.endpoints import router as registrations
from hepscope_query_api.settings import ApiSettings
from hepscope_query_api.stats.endpoints import router as stats
from hepscope_query_api.stats.outcomes_endpoints import router as outcomes
from hepscope_query_api.stats.overview.endpoints import router as overview
from hepscope_query_api.web import docs
from hepscope_query_api.web.base_path import base_path_of
from hepscope_query_api.web.behind_proxy import BehindProxy
from hepscope_query_api.web.headers import SecurityHeaders
from hepscope_query_api.web.hosts import HostCheck, allowed_names
from hepscope_query_api.web.pages import Pages
from hepscope_query_api.web.raw_path import RawCallPath
from hepscope_query_api.web.reading import Reading

DESCRIPTION = """\
Search SIP calls and messages, see how a call went, and export it.

Times are RFC 3339 in UTC with microseconds; durations are numbers named `*_s` or `*_ms`. Lists
answer `items` and `next_cursor`; repeat the request with `cursor` for the next page. Filters
are query parameters named like the fields, with `*` as wildcard, joined by and; of one that is
repeated any value will do, and a leading `!` leaves out what it names (`\\!` is the mark itself).
Errors are problem details (RFC 9457); an unknown query parameter is one.
"""
LIVE_LOOK_SECONDS = 3.0
"""What one look for live events may take: the next is due."""

PROBLEM_STATUSES = ("4XX", "5XX")
PROBLEM = {"model": Problem, "description": "A problem (RFC 9457)."}


class Api(FastAPI):
    """FastAPI whose OpenAPI document says the media type of problems."""

    def openapi(self) -> dict[str, object]:
        """Return the document."""
        if self.openapi_schema is None:
            document = super().openapi()
            for path in document["paths"].values():
                for operation in path.values():
                    for status in operation["responses"].keys() & set(PROBLEM_STATUSES):
                        content = operation["responses"][status]["content"]
                        content[MEDIA_TYPE] = content.pop("application/json")
        return super().openapi()


def create_app(
    settings: ApiSettings,
    pool: Pool,
    *,
    needed_schema: str,
    watch: Pool | None = None,
    registry: CollectorRegistry | None = None,
    now_us: Clock = wall_clock_us,
    checks: Mapping[str, Readiness] | None = None,
    names: Names | None = None,
) -> FastAPI:
    """Return the application over a pool of read-only sessions, which the caller closes.

    ``needed_schema`` is the revision that readiness asks for, over ``watch``, or, where that is
    left out, in turn with the searches; ``checks`` are further parts of this process that
    readiness tells about; ``names`` are what addresses are called.
    """
    metrics = ApiMetrics(registry or CollectorRegistry())
    watched = Database(watch or pool, timeout_seconds=LOOK_TIMEOUT_SECONDS, metrics=metrics)
    database = Database(
        pool,
        timeout_seconds=settings.statement_timeout_seconds,
        metrics=metrics,
        lives=watched.answers if watch is not None else None,
    )
    app = Api(
        title="hepscope",
        version=__version__,
        description=DESCRIPTION,
        # Its own route tells the base path of each request.
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        responses=dict.fromkeys(PROBLEM_STATUSES, PROBLEM),
        generate_unique_id_function=lambda route: route.name,
    )
    names = names or Names(NamesSettings())
    app.state.context = Context(
        database,
        now_us,
        metrics,
        names,
        log_sources(settings, metrics),
        Live(
            Database(pool, timeout_seconds=LIVE_LOOK_SECONDS, metrics=metrics),
            metrics,
            names,
            now_us,
            most_readers=settings.live_readers,
            limit_per_s=settings.live_messages_per_second,
        ),
    )
    app.state.readiness = DatabaseReadiness(watched, needed_schema)
    _add_errors(app, metrics)
    _add_routes(app, settings, checks or {})
    # The last one added is the outermost.
    app.add_middleware(Reading)
    metrics.instrument(app)
    app.add_middleware(RawCallPath)
    app.add_middleware(HostCheck, names=allowed_names(settings.listen, settings.hosts))
    app.add_middleware(SecurityHeaders, metrics=metrics)
    app.add_middleware(
        BehindProxy,
        base_path=settings.base_path,
        trusted=settings.trusted_proxies,
        metrics=metrics,
    )
    return app


def _add_routes(app: FastAPI, settings: ApiSettings, checks: Mapping[str, Readiness]) -> None:
    api = APIRouter(prefix="/api/v1")
    searches = (calls, messages, media, logs, export, registrations, nodes, fields)
    for router in (*searches, stats, outcomes, aliases, live):
        api.include_router(router)
    api.include_router(overview)
    api.include_router(hops.make_router(app.state.readiness, checks))
    app.include_router(api)
    app.include_router(system.make_router(app.state.readiness, checks))
    app.include_router(docs.make_router())
    # A route, not a mount: that would also take the wrong methods of the routes before.
    app.router.routes.append(Route("/{path:path}", Pages(settings.frontend), methods=["GET"]))


def _add_errors(app: FastAPI, metrics: ApiMetrics) -> None:
    def answer(request: Request, problem: ProblemError) -> JSONResponse:
        metrics.problems.add((problem.kind,))
        return response_of(problem, base_path_of(request.scope))

    @app.exception_handler(ProblemError)
    async def on_problem(request: Request, error: ProblemError) -> JSONResponse:
        return answer(request, error)

    @app.exception_handler(RequestValidationError)
    async def on_validation(request: Request, error: RequestValidationError) -> JSONResponse:
        return answer(request, validation_problem(error))

    @app.exception_handler(HTTPException)
    async def on_http(request: Request, error: HTTPException) -> JSONResponse:
        return answer(request, _http_problem(request, error))


def _http_problem(request: Request, error: HTTPException) -> ProblemError:
    base = base_path_of(request.scope)
    where = f"{request.method} {base}{request.url.path[:200]}"
    match error.status_code:
        case HTTPStatus.NOT_FOUND:
            detail = f"{where}: there is nothing here. {base}/docs lists the addresses of the API."
            return ProblemError(Kind.NOT_FOUND, detail)
        case HTTPStatus.METHOD_NOT_ALLOWED:
            detail = f"{where}: not with this method. {base}/docs lists the addresses of the API."
            return ProblemError(Kind.METHOD_NOT_ALLOWED, detail, headers=error.headers)
    if error.status_code < 500:
        return ProblemError(Kind.BAD_REQUEST, f"{where}: {error.detail}.")
    return ProblemError(Kind.INTERNAL, f"{where}: the log has the details.")
