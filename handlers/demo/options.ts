/** The demo's command line. */
import { parseArgs } from "node:util";

export interface DemoOptions {
  readonly orders: number;
  /** Null: the embedded broker. */
  readonly redisUrl: string | null;
}

export type ParsedOptions =
  | { readonly kind: "run"; readonly options: DemoOptions }
  | { readonly kind: "help" }
  | { readonly kind: "usage"; readonly problem: string };

export const USAGE = `npm run demo -- [--orders N] [--redis URL]

  --orders N    how many orders the shop gets: 1000 to 1000000 (30000)
  --redis URL   on a Redis, in streams of its own that it removes in the end; without it, on the embedded broker
`;

const [FEWEST, MOST] = [1000, 1_000_000];

export function parseOptions(args: readonly string[]): ParsedOptions {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        orders: { type: "string", default: "30000" },
        redis: { type: "string" },
        help: { type: "boolean", short: "h" },
      },
    });
    if (values.help === true) return { kind: "help" };
    const orders = Number(values.orders);
    if (!Number.isInteger(orders) || orders < FEWEST || orders > MOST) {
      return { kind: "usage", problem: `--orders ${values.orders}: give a whole number from ${FEWEST} to ${MOST}` };
    }
    return { kind: "run", options: { orders, redisUrl: values.redis ?? null } };
  } catch (error) {
    return { kind: "usage", problem: error instanceof Error ? error.message : String(error) };
  }
}
