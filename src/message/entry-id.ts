/** Entry ids: `<ms>-<seq>`, two 64-bit numbers as text. */

/** -1, 0 or 1, exactly: a double would round ids beyond 2^53. */
export function compareEntryIds(a: string, b: string): number {
  // Ids of one time have one shape: then the order of the texts is theirs.
  const dash = a.indexOf("-");
  if (a.length === b.length && dash >= 0 && b[dash] === "-") return compareDigits(a, b);
  const [aMs = "0", aSeq = "0"] = a.split("-");
  const [bMs = "0", bSeq = "0"] = b.split("-");
  return compareDigits(aMs, bMs) || compareDigits(aSeq, bSeq);
}

function compareDigits(a: string, b: string): number {
  if (a.length !== b.length) return a.length < b.length ? -1 : 1;
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
