// #region explain
import { explain } from 'rungs'
import { countWords } from './text.js'

const settings = { language: 'en', token: 'secret' }
const job = (text: string): string => `${settings.language}: ${countWords(text).words}`

const found = explain(job)
console.log(found.by, found.references.length, found.sources.length)

const timer = setTimeout(() => {}, 0)
console.log(explain(() => timer).by)
console.log(explain(countWords).by, explain(job, { code: 'references-only' }).by)
// #endregion
