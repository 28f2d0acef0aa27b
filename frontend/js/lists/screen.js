/** A screen that is one list of the API: paged, with the states that every list has. */
import { readAddress } from "../address.js";
import { API, get } from "../api.js";
import { find, h } from "../dom.js";
import { stepAction, useKeys } from "../keys.js";
import { Loader } from "../loading.js";
import { go } from "../router.js";
import { failureCard, stateCard, strangerNotes } from "../states.js";
import { Grid } from "./grid.js";
import { moreFoot } from "./more.js";

/**
 * Return a screen.
 * @template T
 * @param {{path: string, label: string, query: Record<string, string>, columns: () => import("./grid.js").Column<T>[],
 *   hrefOf?: (row: T) => string, empty: {title: string, text: string[]}}} options
 * @returns {import("../router.js").Screen}
 */
export function listScreen({ path, label, query, columns, hrefOf, empty }) {
  return ({ place, search }) => {
    const loader = new Loader();
    const list = h("div", { class: "list" });
    place.append(...strangerNotes(readAddress({}, search).strangers), h("h1", { class: "out-of-sight" }, label), list);
    /** @type {Grid<T>} */
    let grid;
    /** @param {AbortSignal} signal @param {Record<string, string>} [cursor] */
    const ask = (signal, cursor) => get(`${API}/${path}`, new URLSearchParams({ ...query, ...cursor }), signal);
    const load = () => void loader.run({
      place: list, what: `Loading ${label.toLowerCase()}`,
      load: async (signal) => {
        const page = await ask(signal);
        grid = new Grid({ label, look: "plain", columns: columns(), ...(hrefOf && { hrefOf }), open: go });
        list.replaceChildren(grid.element);
        show(page);
      },
      failed: (error) => list.replaceChildren(failureCard(error, `${label} cannot be shown`, [again])),
      stopped: () => list.replaceChildren(stateCard({ look: "not-taken", title: "Stopped", text: [], steps: [again] })),
    });
    const again = { label: "Try again", run: load, first: true };
    /** @param {import("../api.js").List<T>} page */
    const show = ({ items, next_cursor: cursor }) => {
      grid.add(items);
      list.querySelector(".more")?.remove();
      find(".foot-facts").textContent = `${grid.size.toLocaleString()} ${label.toLowerCase()}, ${cursor ? "more below" : "all there are"}`;
      if (cursor) list.append(moreFoot(loader, label.toLowerCase(), async (signal) => show(await ask(signal, { cursor }))));
      if (!grid.size) list.replaceChildren(stateCard({ look: "not-taken", ...empty, steps: [{ label: "Look again", run: load }] }));
    };
    useKeys([
      stepAction("row", (by) => grid?.move(by)),
      { keys: ["Enter"], hint: hrefOf ? "open" : "", run: () => grid?.openSelected() },
      { keys: ["r"], hint: "reload", run: load },
    ]);
    load();
    return () => loader.leave();
  };
}
