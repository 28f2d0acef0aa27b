/** How long a ladder may be to become a PNG. */

/** Browsers draw canvases up to 16,384 pixels high for sure; so many rows go in at one pixel each. */
export const MOST_PIXELS = 16_384;
export const MOST_PNG_ROWS = 600;
