/** Looking again and again while an element is shown, and saying how long ago the last look was. */

const EVERY_MS = 2000;
const TICK_MS = 1000;

/**
 * Look until the element is taken away, one look at a time.
 * @template T
 * @param {HTMLElement} element
 * @param {{look: (signal: AbortSignal) => Promise<T>, seen: (found: T) => void, failed: (error: unknown) => void, tick: (seconds: number) => void}} work
 * `tick` is told each second how long ago the last look ended well
 */
export async function poll(element, { look, seen, failed, tick }) {
  const control = new AbortController();
  let lastMs = performance.now();
  const ticking = setInterval(() => {
    if (element.isConnected) tick(Math.floor((performance.now() - lastMs) / 1000));
    else control.abort();
  }, TICK_MS);
  while (!control.signal.aborted) {
    await pause(control.signal);
    if (!element.isConnected || control.signal.aborted) break;
    // What nobody sees need not be fresh.
    if (document.hidden) continue;
    try {
      const found = await look(control.signal);
      lastMs = performance.now();
      if (element.isConnected) seen(found);
    } catch (error) {
      if (!control.signal.aborted && element.isConnected) failed(error);
    }
  }
  clearInterval(ticking);
}

/** @param {AbortSignal} signal @returns {Promise<void>} */
function pause(signal) {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, EVERY_MS);
    signal.addEventListener("abort", () => { clearTimeout(timer); resolve(); }, { once: true });
  });
}
