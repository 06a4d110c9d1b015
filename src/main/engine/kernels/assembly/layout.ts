// Where things lie in the memory of one Kernels. The loader reads the ones it needs as exported globals.

/** Poly1305: r, clamped; the running sum, 4 × u64; the last, partial block of a message, padded; and in and out. */
export const macKeyAt: usize = 0
export const macSumAt: usize = 64
export const macLastAt: usize = 128
export const macNonceAt: usize = 144
export const macTagAt: usize = 160

/** Two tables of 256 × u64 written by the loader: overflow, leaving. */
export const overflowAt: usize = 2048
export const leavingAt: usize = 4096
/** For the SIMD scanner: 28 tables of 16 bytes derived from those two, */
export const nibblesAt: usize = 6144
/** four masks, */
export const masksAt: usize = 6592
/** the last five groups of 16 rows, oldest overwritten first, */
export const rowsAt: usize = 6656
/** and half a transposition. */
export const turnAt: usize = 7936

/** Data from elsewhere is copied here, piece by piece: a window, then 5 times what 16 lanes take at once. */
export const scratchAt: usize = 8192
export const scratchBytes: usize = 64 + 5 * 16 * 3136

/** What `allocate` hands out, from here to the end of the memory. */
export const arenaAt: usize = 262144
