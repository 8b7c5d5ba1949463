/**
 * A TCP proxy that misbehaves on demand. It pauses and never swallows bytes: what was paused arrives in order after
 * `resume`, as it would on a real network.
 *
 *   pass –pause→ half-open: neither side hears the other, both sides think they are connected
 *   pass –pauseDown→ requests arrive, answers do not
 *   pass –resetAll→ every connection ends in a RST; new ones pass
 */
import { once } from "node:events";
import { connect, createServer, type AddressInfo, type Socket } from "node:net";

export interface ProxiedConnection {
  /** The first bytes the client sent: enough to tell connections apart by the name they set. */
  readonly hello: string;
}

export type Which = (connection: ProxiedConnection) => boolean;

export interface TcpProxy {
  readonly port: number;
  /** Freezes both directions of connections that exist now; later ones pass. Resolves to how many. */
  pause(which?: Which): number;
  /** Freezes what the server answers on connections that exist now. */
  pauseDown(which?: Which): number;
  /** Everything paused goes on, in order. */
  resume(): void;
  /** Ends connections that exist now with a RST. Resolves to how many. */
  resetAll(which?: Which): number;
  close(): Promise<void>;
}

const HELLO_BYTES = 4096;

interface Pair {
  readonly client: Socket;
  readonly server: Socket;
  hello: string;
}

export async function startTcpProxy(targetPort: number): Promise<TcpProxy> {
  const pairs = new Set<Pair>();

  const listener = createServer((client) => {
    const server = connect(targetPort, "127.0.0.1");
    const pair: Pair = { client, server, hello: "" };
    pairs.add(pair);
    client.on("data", (chunk: Buffer) => {
      if (pair.hello.length < HELLO_BYTES) pair.hello += chunk.toString("latin1");
      server.write(chunk);
    });
    server.on("data", (chunk: Buffer) => client.write(chunk));
    for (const [socket, other] of [
      [client, server],
      [server, client],
    ] as const) {
      socket.setNoDelay(true);
      // The other side learns of it by its own connection ending.
      socket.on("error", () => undefined);
      socket.on("close", () => {
        pairs.delete(pair);
        other.destroy();
      });
    }
  }).listen(0, "127.0.0.1");
  await once(listener, "listening");

  function each(which: Which, act: (pair: Pair) => void): number {
    const chosen = [...pairs].filter(which);
    for (const pair of chosen) act(pair);
    return chosen.length;
  }

  const everyOne: Which = () => true;
  return {
    port: (listener.address() as AddressInfo).port,
    pause: (which = everyOne) =>
      each(which, ({ client, server }) => {
        client.pause();
        server.pause();
      }),
    pauseDown: (which = everyOne) => each(which, ({ server }) => void server.pause()),
    resume() {
      for (const { client, server } of pairs) {
        client.resume();
        server.resume();
      }
    },
    resetAll: (which = everyOne) =>
      each(which, ({ client, server }) => {
        client.resetAndDestroy();
        server.resetAndDestroy();
      }),
    async close() {
      for (const { client, server } of pairs) {
        client.destroy();
        server.destroy();
      }
      listener.close();
      await once(listener, "close");
    },
  };
}
