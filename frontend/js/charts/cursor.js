/** The bin that is read, one for all charts that share an axis. */

export const NOWHERE = -1;

const PAGE = 10;

/** Where keys lead from a bin. @type {Readonly<Record<string, (at: number, last: number) => number>>} */
export const BIN_KEYS = Object.freeze({
  ArrowLeft: (at) => at - 1, ArrowRight: (at) => at + 1, PageUp: (at) => at - PAGE, PageDown: (at) => at + PAGE, Home: () => 0, End: (_, last) => last,
});

export class Cursor {
  at = NOWHERE;
  /** @type {((at: number) => void)[]} */
  #followers = [];

  /** Be told of every move. @param {(at: number) => void} follower */
  follow(follower) {
    this.#followers.push(follower);
  }

  /** @param {number} at NOWHERE to read none */
  move(at) {
    if (at === this.at) return;
    this.at = at;
    this.#followers.forEach((follower) => follower(at));
  }
}
