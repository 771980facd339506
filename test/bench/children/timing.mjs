/** The mean of one call, in µs, over so many of them. */
export function timePerCall(count, call) {
  const begun = performance.now();
  for (let index = 0; index < count; index++) call(index);
  return ((performance.now() - begun) * 1000) / count;
}

/** The processor time of one call, in µs, over so many of them: the collector's threads count, and waiting does not. */
export function cpuPerCall(count, call) {
  const begun = process.cpuUsage();
  for (let index = 0; index < count; index++) call(index);
  const { user, system } = process.cpuUsage(begun);
  return (user + system) / count;
}
