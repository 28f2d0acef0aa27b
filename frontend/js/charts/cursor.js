/** The bin that is read, one for all charts that share an axis. */

export const NOWHERE = -1;

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
