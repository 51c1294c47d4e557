// #region explore
import { strict as assert } from 'node:assert'
import { gather, sleep } from 'rungs/sync'
import { explore } from 'rungs/testing'

/** What a search field shows. A bug: an answer that is late hides one to a later question. */
class Search {
  shown = ''

  async ask(question: string): Promise<void> {
    await sleep(0) // The server is asked.
    this.shown = question
  }
}

async function showsTheLastAnswer(): Promise<void> {
  const search = new Search()
  await gather([() => search.ask('cat'), () => search.ask('cats')])
  assert.equal(search.shown, 'cats')
}

await showsTheLastAnswer()
console.log('passes in the usual order')
await explore(showsTheLastAnswer).catch((error) => console.log(error.message))
// #endregion
