// The error classes of this library: every side has them, so they are never imported. An import() needs the event loop, which resultSync() blocks.
import * as errors from '../core/errors.js'

/** Their names, by class. */
export const ownClasses: ReadonlyMap<object, string> = new Map(Object.entries(errors).map(([name, Class]) => [Class, name]))

/** As a definition names them. */
export const ownModule: Readonly<Record<string, unknown>> = { ...errors }
