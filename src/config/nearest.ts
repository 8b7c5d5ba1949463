/**
 * The name a misspelling probably meant.
 *
 * Case, `-` and `_` do not count, so `messagesPerTick` finds `messages_per_tick`. Beyond that, edits (insert, delete,
 * replace, swap neighbours): up to one for every four characters; failing that, a name the misspelling ends with
 * (`subscription_profile` finds `profile`); failing that, up to one for every three characters.
 */
export function nearestName(name: string, known: readonly string[]): string | null {
  const wanted = plain(name);
  let best: string | null = null;
  let bestDistance = Infinity;
  for (const candidate of known) {
    const other = plain(candidate);
    const distance = editDistance(wanted, other);
    if (distance < bestDistance && distance <= allowedEdits(wanted, other, 3)) {
      best = candidate;
      bestDistance = distance;
    }
  }
  if (best !== null && bestDistance <= allowedEdits(wanted, plain(best), 4)) return best;
  return known.find((candidate) => candidate.length >= 4 && wanted.endsWith(plain(candidate))) ?? best;
}

function allowedEdits(a: string, b: string, charactersPerEdit: number): number {
  return Math.max(1, Math.floor(Math.max(a.length, b.length) / charactersPerEdit));
}

function plain(name: string): string {
  return name.toLowerCase().replaceAll(/[-_]/g, "");
}

/** Edits between two names, a swap of neighbours being one. Names over 80 characters only match themselves. */
function editDistance(a: string, b: string): number {
  if (a === b) return 0;
  if (a.length > 80 || b.length > 80) return Infinity;
  let older: number[] = [];
  let previous = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let row = 1; row <= a.length; row += 1) {
    const current = [row];
    for (let column = 1; column <= b.length; column += 1) {
      const isSame = a[row - 1] === b[column - 1];
      const replace = at(previous, column - 1) + (isSame ? 0 : 1);
      let cost = Math.min(at(previous, column) + 1, at(current, column - 1) + 1, replace);
      const isSwap = row > 1 && column > 1 && a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1];
      if (isSwap) cost = Math.min(cost, at(older, column - 2) + 1);
      current.push(cost);
    }
    older = previous;
    previous = current;
  }
  return at(previous, b.length);
}

function at(row: readonly number[], column: number): number {
  return row[column] ?? Infinity;
}
