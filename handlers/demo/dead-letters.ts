/** Dead letters as a person looks at them: grouped by what went wrong. */
import type { DeadLetter, Engine } from "domain-engine";

type Adapter = Engine["broker"];

export interface LetterGroup {
  readonly fingerprint: string;
  readonly handler: string;
  readonly reason: string;
  readonly errorName: string;
  readonly errorMessage: string;
  readonly letters: readonly DeadLetter[];
}

const PAGE = 500;

/** All dead letters of these subscriptions, the largest group first. */
export async function groupDeadLetters(
  { deadLetters }: Adapter,
  addresses: readonly { readonly stream: string; readonly name: string }[],
): Promise<readonly LetterGroup[]> {
  const groups = new Map<string, DeadLetter[]>();
  for (const { stream, name } of addresses) {
    let after: string | null = null;
    do {
      const page = await deadLetters.list({ stream, group: name }, after, PAGE);
      addTo(groups, page.letters);
      after = page.next;
    } while (after !== null);
  }
  return [...groups.values()].map(describe).sort((a, b) => b.letters.length - a.letters.length);
}

function addTo(groups: Map<string, DeadLetter[]>, letters: readonly DeadLetter[]): void {
  for (const letter of letters) {
    const key = `${letter.subscription} ${letter.failure?.fingerprint ?? "unreadable"}`;
    const group = groups.get(key);
    if (group) group.push(letter);
    else groups.set(key, [letter]);
  }
}

function describe(letters: readonly DeadLetter[]): LetterGroup {
  const failure = letters[0]?.failure;
  return {
    letters,
    fingerprint: failure?.fingerprint ?? "-",
    handler: failure?.handler ?? "-",
    reason: failure?.reason ?? "-",
    errorName: failure?.error.name ?? "-",
    errorMessage: failure?.error.message ?? "-",
  };
}

/** The payload, as the original entry has it. */
export function payloadOf({ fields }: DeadLetter): unknown {
  const at = fields.findIndex((field, index) => index % 2 === 0 && field === "data");
  return at < 0 ? null : JSON.parse(fields[at + 1] ?? "null");
}

/** Sends the letters back to the subscription that failed them. Returns how many went. */
export async function replay(
  { deadLetters }: Adapter,
  { letters, signal }: { readonly letters: readonly DeadLetter[]; readonly signal: AbortSignal },
  onMoved: (moved: number) => void,
): Promise<number> {
  let moved = 0;
  for (const { stream, subscription, id } of letters) {
    signal.throwIfAborted();
    if ((await deadLetters.replay({ stream, group: subscription }, id)) === "replayed") moved += 1;
    onMoved(moved);
  }
  return moved;
}
