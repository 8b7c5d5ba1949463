import type { BrokerFacts } from "./broker-facts.ts";
import type { BrokerAdmin } from "./broker-admin.ts";
import type { Broker } from "./broker.ts";
import type { Control } from "./control.ts";
import type { DeadLetters } from "./dead-letters.ts";
import type { Lease } from "./lease.ts";

/**
 * What an adapter offers for one configured broker: its ports over shared connections.
 * `broker.connect` opens and `broker.close` closes for all six.
 */
export interface BrokerAdapter {
  readonly broker: Broker;
  readonly admin: BrokerAdmin;
  readonly deadLetters: DeadLetters;
  readonly lease: Lease;
  readonly control: Control;
  readonly facts: BrokerFacts;
}
