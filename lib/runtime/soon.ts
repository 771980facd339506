/**
 * Calls back when the current call stack has ended, before anything else can arrive. A reaction to a promise takes half of
 * the time of `queueMicrotask` (80 and 160 ns), and no fake timers hold it up, as they do that function.
 *
 * @param callback does not throw
 */
export function soon(callback: () => void): void {
  void Promise.resolve().then(callback);
}
