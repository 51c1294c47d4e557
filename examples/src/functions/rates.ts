// #region rates
let rate = 1

export function setRate(value: number): void {
  rate = value
}

export function convert(amount: number): number {
  return amount * rate
}
// #endregion
