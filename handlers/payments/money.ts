const CURRENCIES = {
  EUR: { code: "EUR", decimals: 2 },
  GBP: { code: "GBP", decimals: 2 },
  JPY: { code: "JPY", decimals: 0 },
  USD: { code: "USD", decimals: 2 },
} as const;

type CurrencyCode = keyof typeof CURRENCIES;

export interface Money {
  readonly amountMinor: number;
  readonly currency: CurrencyCode;
}

/** 12.5 and "EUR" → 1250 cents. */
export function toMoney(total: number, currency: string): Money {
  const { code, decimals } = CURRENCIES[currency as CurrencyCode];
  return { amountMinor: Math.round(total * 10 ** decimals), currency: code };
}
