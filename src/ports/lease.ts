/**
 * One holder at a time, across processes, for as long as it renews. A lease makes duplicate work rare, never
 * impossible: what it guards must be harmless when done twice.
 */
export interface Lease {
  /**
   * Takes or renews the lease `name` for `holder`, for `ttlMs`. Returns its generation, which grows with every
   * change of holder, or null while another holds it.
   */
  acquire(name: string, holder: string, ttlMs: number): Promise<number | null>;
  /** Gives the lease up, if `holder` has it. */
  release(name: string, holder: string): Promise<void>;
}
