// The other end of lab-process.ts.

let questions = 0;
const waiting = new Map();

/** Answers calls from the parent, by name. Ends with it. */
export function answerCalls(calls) {
  process.on('message', async ({ call, name, args, answer, value }) => {
    if (answer !== undefined) {
      waiting.get(answer)(value);
      waiting.delete(answer);
      return;
    }
    try {
      process.send({ call, value: await calls[name](...args) });
    } catch (error) {
      process.send({ call, error: error.stack });
    }
  });
  process.on('disconnect', () => process.exit());
}

/** Asks the parent. */
export function ask(of) {
  const question = ++questions;
  process.send({ question, of });
  return new Promise((resolve) => waiting.set(question, resolve));
}
