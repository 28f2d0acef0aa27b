/** The keys of every screen. */
import { based } from "../base.js";
import { usePageKeys } from "../keys.js";
import { openRange } from "../range.js";
import { go } from "../router.js";
import { KEY_WORDS } from "../words/keys.js";
import { SCREENS } from "../words/shell.js";
import { showKeyPage } from "./key-page.js";
import { copyLink } from "./share.js";

/** `g` and one of these goes to a screen. @type {Readonly<Record<string, keyof typeof SCREENS>>} */
const LETTERS = Object.freeze({ o: "overview", c: "calls", r: "registrations", l: "live", n: "nodes" });

/** Take them. */
export function startPageKeys() {
  const ways = Object.entries(LETTERS).map(([letter, screen]) => ({
    keys: [`g ${letter}`], hint: "", does: KEY_WORDS.goTo(SCREENS[screen]), run: () => go(based(`/${screen}`)),
  }));
  usePageKeys([
    { keys: ["t"], hint: "", does: KEY_WORDS.range, run: openRange },
    ...ways,
    { keys: ["y"], hint: "", does: KEY_WORDS.copyLink, run: () => void copyLink() },
    { keys: ["?", "F1"], hint: KEY_WORDS.hint, does: KEY_WORDS.keys, run: showKeyPage },
  ]);
}
