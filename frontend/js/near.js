/** Where a panel of the top layer stands: by its control, inside of the window. */

/** Between a panel and what is around it, in pixels. */
const EDGE = 8;
const GAP = 4;

/** Put a panel below its control, or above it where there is no room. @param {HTMLElement} panel @param {HTMLElement} control */
export function placeNear(panel, control) {
  const { left, top, bottom } = control.getBoundingClientRect();
  const { offsetWidth: width, offsetHeight: height } = panel;
  const { clientWidth, clientHeight } = document.documentElement;
  const isRoom = bottom + GAP + height + EDGE <= clientHeight || top - GAP - height < EDGE;
  panel.style.left = `${Math.max(EDGE, Math.min(left, clientWidth - width - EDGE))}px`;
  panel.style.top = `${isRoom ? Math.max(EDGE, Math.min(bottom + GAP, clientHeight - height - EDGE)) : top - GAP - height}px`;
}
