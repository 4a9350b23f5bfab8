/** One field that we corrected and a rival changed again, or may. Kept in the cluster's state, bounded. */
export interface Contest {
  /** `objectKey` of the object. */
  readonly key: string;
  /** As records show it; in parentheses what is about the object as a whole. */
  readonly path: string;
  /** The field manager that changes it; `unknown` where nothing tells. */
  readonly rival: string;
  /** ISO 8601, oldest first: when we corrected it. */
  readonly correctedAt: readonly string[];
  /** How often it was left to the rival for a while. */
  readonly retreats: number;
  /** ISO 8601: until when it is left to the rival now. */
  readonly until?: string;
}
