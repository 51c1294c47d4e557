// Where this library lies. Several modules are one file when it is built, so no module but this can find another relative to itself.
const above = '..'

/** The folder that holds `index.js`. */
export const library = new URL(above, import.meta.url)
