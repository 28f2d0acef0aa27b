/** The clipboard; browsers have none where a page did not come by https or from this machine. */

/** Copy text; false where that is not allowed. @param {string} text */
export async function copyText(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return false;
  }
}
