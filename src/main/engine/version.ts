/** Written into every snapshot, so that its origin can be told. */
export const programVersion = 'holdfast 0.1.0'
