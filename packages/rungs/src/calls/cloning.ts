// Structured clone copies what was found to be plain. What it meets all the same was not looked at: see LONGEST_LISTED of plain.
import { NotShippableError } from '../core/errors.js'
import { LONGEST_LISTED } from './plain.js'

/** An error of structured clone, which says what it could not copy, as one of ours, which says where. Others stay as they are. */
export function cloningError(error: unknown, path: 'argument' | 'result'): unknown {
  if (!(error instanceof DOMException) || error.name !== 'DataCloneError') return error
  const hint = `If it is a property of a list of more than ${LONGEST_LISTED} elements, which is not looked at, send it apart`
  return new NotShippableError(
    `Something in ${path === 'result' ? 'the result' : 'an argument'} cannot cross: ${error.message} ${hint}`,
    path,
    {
      cause: error,
    },
  )
}
