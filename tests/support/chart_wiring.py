"""What fits what among the objects of a release, as checks that yield what is wrong."""

import re
from collections.abc import Iterator

from support.chart import Json, Objects, containers, environment, is_selected, of_kind, pod_of
from support.chart_policy import component_of, pods_of


def selectors_match(objects: Objects) -> Iterator[str]:
    """Workloads, Services, budgets and policies select pods that there are, of one component."""
    pods = [(component, pod["metadata"]["labels"]) for component, _, pod in pods_of(objects)]
    for workload in of_kind(objects, "Deployment", "StatefulSet", "DaemonSet"):
        selector = workload["spec"]["selector"]["matchLabels"]
        if not is_selected(selector, pod_of(workload)["metadata"]["labels"]):
            yield f"{component_of(workload)}: does not select its own pods"
    for found in of_kind(objects, "Service", "PodDisruptionBudget", "NetworkPolicy"):
        spec = found["spec"]
        selector = spec.get("podSelector", spec.get("selector"))
        selector = selector.get("matchLabels", selector)
        selected = {component for component, labels in pods if is_selected(selector, labels)}
        own = component_of(found)
        if own and selected != {own}:
            name = found["metadata"]["name"]
            yield f"{found['kind']} {name} of {own} selects {sorted(selected)}"


def ports_fit(objects: Objects) -> Iterator[str]:
    """Services lead to ports that containers have, by the same protocol."""
    for service in of_kind(objects, "Service"):
        for _, _, pod in pods_of(objects):
            if not is_selected(service["spec"]["selector"], pod["metadata"]["labels"]):
                continue
            offered = {
                (target, port.get("protocol", "TCP"))
                for container in pod["spec"]["containers"]
                for port in container.get("ports", [])
                for target in (port["name"], port["containerPort"])
            }
            for port in service["spec"]["ports"]:
                if (port["targetPort"], port["protocol"]) not in offered:
                    yield f"Service {service['metadata']['name']}: nothing at {port}"


def names_are_told_apart(objects: Objects) -> Iterator[str]:
    """No object twice."""
    seen = set()
    for found in objects:
        key = (found["kind"], found["metadata"]["name"])
        if key in seen:
            yield f"{key} is there twice"
        seen.add(key)


def scaling_has_a_target(objects: Objects) -> Iterator[str]:
    """What is scaled exists, and has no number of replicas of its own."""
    there = {
        (one["kind"], one["metadata"]["name"]): one
        for one in of_kind(objects, "Deployment", "StatefulSet")
    }
    for found in of_kind(objects, "HorizontalPodAutoscaler", "ScaledObject"):
        target = found["spec"]["scaleTargetRef"]
        workload = there.get((target["kind"], target["name"]))
        if workload is None:
            yield f"{found['kind']} {found['metadata']['name']}: nothing to scale"
        elif "replicas" in workload["spec"]:
            yield f"{target['name']}: each upgrade would undo its scaling"


def survives_a_drain(objects: Objects) -> Iterator[str]:
    """Each service has a budget that lets a node be emptied."""
    budgets = of_kind(objects, "PodDisruptionBudget")
    for workload in of_kind(objects, "Deployment", "StatefulSet"):
        labels = pod_of(workload)["metadata"]["labels"]
        mine = [
            one for one in budgets if is_selected(one["spec"]["selector"]["matchLabels"], labels)
        ]
        if len(mine) != 1:
            yield f"{component_of(workload)}: {len(mine)} budgets"
        for one in mine:
            if one["spec"].get("maxUnavailable") in (None, 0, "0%"):
                yield f"{component_of(workload)}: no pod may ever go"


def is_isolated(objects: Objects) -> Iterator[str]:
    """All pods are denied everything, and each workload is allowed what it needs."""
    policies = of_kind(objects, "NetworkPolicy")
    for component, _, pod in pods_of(objects):
        mine = [
            one
            for one in policies
            if is_selected(one["spec"]["podSelector"]["matchLabels"], pod["metadata"]["labels"])
        ]
        if not any(_denies_all(one) for one in mine):
            yield f"{component}: nothing is denied"
        own = [one for one in mine if component_of(one) == component]
        if len(own) != 1 or set(own[0]["spec"]["policyTypes"]) != {"Ingress", "Egress"}:
            yield f"{component}: {len(own)} policies of its own"
            continue
        yield from _unreachable(component, pod, own[0]["spec"])
        for rule in [*own[0]["spec"].get("ingress", []), *own[0]["spec"].get("egress", [])]:
            if not rule.get("ports"):
                yield f"{component}: a rule is for every port"


def _denies_all(policy: Json) -> bool:
    spec = policy["spec"]
    rules = spec.get("ingress") or spec.get("egress")
    return set(spec["policyTypes"]) == {"Ingress", "Egress"} and not rules


def _unreachable(component: str, pod: Json, spec: Json) -> Iterator[str]:
    """Yield what a pod connects to that its policy does not let through."""
    out = {
        (port["port"], port["protocol"])
        for rule in spec["egress"]
        for port in rule.get("ports", [])
    }
    if not {(53, "UDP"), (53, "TCP")} <= out:
        yield f"{component}: no DNS"
    for container in containers(pod):
        variables = environment(container)
        brokers = variables.get("HEPSCOPE_BUS__BOOTSTRAP_SERVERS", "")
        wanted = {int(one.rpartition(":")[2]) for one in brokers.split(",") if one}
        database = re.search(r"@[^/]*:(\d+)/", variables.get("HEPSCOPE_STORE__DSN", ""))
        if database:
            wanted.add(int(database[1]))
        for port in sorted(wanted):
            if (port, "TCP") not in out:
                yield f"{component}: connects to port {port} in vain"


def only_what_is_open_is_open(objects: Objects) -> Iterator[str]:
    """HEP is for everybody; page, API and metrics for those who are named."""
    for policy in of_kind(objects, "NetworkPolicy"):
        for rule in policy["spec"].get("ingress", []):
            if not rule.get("from") and component_of(policy) != "ingest":
                yield f"{component_of(policy)}: {rule['ports']} is open to every pod"


def is_scraped(objects: Objects) -> Iterator[str]:
    """Where there are ServiceMonitors, each service has one, which finds one Service of it."""
    monitors = of_kind(objects, "ServiceMonitor")
    if not monitors:
        return
    for workload in of_kind(objects, "Deployment", "StatefulSet", "DaemonSet"):
        component = component_of(workload)
        mine = [one for one in monitors if component_of(one) == component]
        if len(mine) != 1:
            yield f"{component}: {len(mine)} monitors"
            continue
        spec = mine[0]["spec"]
        services = [
            one
            for one in of_kind(objects, "Service")
            if is_selected(spec["selector"]["matchLabels"], one["metadata"]["labels"])
        ]
        port = spec["endpoints"][0]["port"]
        if [[p["name"] for p in one["spec"]["ports"]] for one in services] != [[port]]:
            yield f"{component}: is scraped {len(services)} times"
        if not any(
            rule.get("targetLabel") == "job" and rule["replacement"].startswith("hepscope")
            for rule in spec["endpoints"][0]["relabelings"]
        ):
            yield f"{component}: a job that no alert knows"


def restarts_on_new_config(objects: Objects) -> Iterator[str]:
    """A pod with a settings file carries its checksum, and the file is there."""
    maps = {one["metadata"]["name"] for one in of_kind(objects, "ConfigMap")}
    for component, workload, pod in pods_of(objects):
        for volume in pod["spec"].get("volumes", []):
            if volume["name"] != "config":
                continue
            if volume["configMap"]["name"] not in maps:
                yield f"{component}: no ConfigMap {volume['configMap']['name']}"
            if "checksum/config" not in pod["metadata"].get("annotations", {}):
                yield f"{component}: goes on with old settings"
        if workload["kind"] == "StatefulSet":
            heads = [
                one["metadata"]["name"]
                for one in of_kind(objects, "Service")
                if one["spec"].get("clusterIP") == "None"
            ]
            if workload["spec"]["serviceName"] not in heads:
                yield f"{component}: no headless Service"


def fits_into_labels(objects: Objects) -> Iterator[str]:
    """Names and label values are as long as Kubernetes takes them."""
    for found in objects:
        name = found["metadata"]["name"]
        longest = 52 if found["kind"] in ("StatefulSet", "DaemonSet", "Deployment") else 63
        if len(name) > longest or not re.fullmatch(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?", name):
            yield f"{found['kind']}: name {name}"
        for value in found["metadata"].get("labels", {}).values():
            if not re.fullmatch(r"([A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?", value):
                yield f"{found['kind']} {name}: label {value}"
        if found["kind"] == "ConfigMap" and len(str(found.get("data"))) > 1_000_000:
            yield f"ConfigMap {name}: too long"
