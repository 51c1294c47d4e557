// The `require` that loaded the modules of this program. Test files of Jest have one of their own, with a registry of its own, which Node's knows
// nothing of; the CommonJS entry of the package hands it in.

import { createRequire } from 'node:module'

const own = createRequire(import.meta.url)
/** Of the last test file, which Jest forgets after it. */
let handed: WeakRef<NodeJS.Require> | undefined

/** Node's, or the one that was handed in. */
export function requireHere(): NodeJS.Require {
  return handed?.deref() ?? own
}

/** From now on, CommonJS modules are those that this function loads. */
export function handIn(require: NodeJS.Require): void {
  handed = new WeakRef(require)
}
