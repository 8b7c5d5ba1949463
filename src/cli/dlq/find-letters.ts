/** From ids, as an operator types them, to dead letters. */
import { EngineError } from "../../errors.ts";
import type { GroupAddress } from "../../ports/broker-admin.ts";
import type { DeadLetters } from "../../ports/dead-letters.ts";
import type { Located } from "./scan.ts";

/** Every id's dead letter. One that is not there, or is there twice, is an error: then nothing was touched. */
export async function findLetters(
  deadLetters: DeadLetters,
  addresses: readonly GroupAddress[],
  ids: readonly string[],
): Promise<Located[]> {
  const found: Located[] = [];
  for (const id of new Set(ids)) found.push(await findLetter(deadLetters, addresses, id));
  return found;
}

export async function findLetter(
  deadLetters: DeadLetters,
  addresses: readonly GroupAddress[],
  id: string,
): Promise<Located> {
  const hits: Located[] = [];
  if (isEntryId(id)) {
    for (const address of addresses) {
      const letter = await deadLetters.get(address, id);
      if (letter !== null) hits.push({ address, letter });
    }
  }
  const [hit, other] = hits;
  if (hit === undefined) throw await unknownLetter(deadLetters, addresses, id);
  if (other !== undefined) {
    const names = hits.map(({ address }) => address.group).join(", ");
    throw new EngineError("ENGINE_USAGE", `${id} is the id of a dead letter in each of ${names}`, {
      hint: "Say which with --subscription.",
    });
  }
  return hit;
}

function isEntryId(id: string): boolean {
  return /^\d{1,19}-\d{1,20}$/.test(id);
}

async function unknownLetter(
  deadLetters: DeadLetters,
  addresses: readonly GroupAddress[],
  id: string,
): Promise<EngineError> {
  const where = addresses.length === 1 ? addresses[0]?.group : `any of ${addresses.length} subscriptions`;
  const hint = isEntryId(id) ? await hintForGone(deadLetters, addresses, id) : HINT_FOR_ID;
  return new EngineError("ENGINE_DEAD_LETTER_UNKNOWN", `no dead letter "${id}" in ${where}`, { hint });
}

const HINT_FOR_ID = "Ids look like 1762171205000-0: the first column of `engine dlq list`.";

async function hintForGone(deadLetters: DeadLetters, addresses: readonly GroupAddress[], id: string): Promise<string> {
  const near = await nearIds(deadLetters, addresses, id);
  const found = near.length > 0 ? `The next ones after it: ${near.join(", ")}. ` : "";
  return `${found}It may have been replayed, purged, or trimmed by age; \`engine dlq list\` shows what is there.`;
}

async function nearIds(deadLetters: DeadLetters, addresses: readonly GroupAddress[], id: string): Promise<string[]> {
  const near: string[] = [];
  for (const address of addresses) {
    const { letters } = await deadLetters.list(address, id, 1);
    near.push(...letters.map((letter) => `${letter.id} (${address.group})`));
    if (near.length >= 3) break;
  }
  return near;
}
