/** The names of all variables that a file of plans uses: `${NAME}`; `$$` is a plain dollar sign. Pure. */
export const variablesIn = (yaml: string): string[] => [
  ...new Set([...yaml.matchAll(/(?<!\$)(?:\$\$)*\$\{([A-Za-z_][A-Za-z0-9_]*)\}/g)].map(([, name]) => name!)),
]
