/** A confidence interval in the unit of what it is about; the bounds belong to it. */
export interface Interval {
  readonly low: number;
  readonly high: number;
  /** The confidence that is achieved, between 0 and 1; it may be above the one that was asked for. */
  readonly confidence: number;
}
