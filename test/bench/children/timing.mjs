/** The mean of one call, in µs, over so many of them. */
export function timePerCall(count, call) {
  const begun = performance.now();
  for (let index = 0; index < count; index++) call(index);
  return ((performance.now() - begun) * 1000) / count;
}
