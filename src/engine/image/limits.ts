/** A photograph has 12 to 50 million pixels; more is a scan or a bomb. Decoded it takes three bytes a pixel. */
export const MAX_PIXELS = 64_000_000;

/** Bytes of one image file; it is read whole. */
export const MAX_IMAGE_BYTES = 64 * 1024 * 1024;

/** A processor's configuration has a few hundred bytes. */
export const MAX_PROCESSOR_BYTES = 1024 * 1024;

/** No vision encoder in use takes more pixels a side. */
export const MAX_SIDE = 4096;

/** Images decoded at once, beside the model's run; the thread pool has four threads. */
export const DECODED_AT_ONCE = 4;
