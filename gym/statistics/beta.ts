/**
 * The regularized incomplete beta function I_x(a, b), a and b above 0: continued fraction DLMF 8.17.22, evaluated by Lentz's method
 * (Press et al., Numerical Recipes, section 6.4).
 */
export function incompleteBeta(x: number, a: number, b: number): number {
  if (x <= 0) return 0;
  if (x >= 1) return 1;
  // The fraction converges fast on this side of the mean only.
  if (x > (a + 1) / (a + b + 2)) return 1 - incompleteBeta(1 - x, b, a);
  const front = Math.exp(a * Math.log(x) + b * Math.log1p(-x) + logGamma(a + b) - logGamma(a) - logGamma(b));
  return (front * betaFraction(x, a, b)) / a;
}

function betaFraction(x: number, a: number, b: number): number {
  let c = 1;
  let d = 1 / nonZero(1 - ((a + b) * x) / (a + 1));
  let fraction = d;
  // About the square root of the larger parameter many steps are needed.
  for (let m = 1; m < 100_000; m += 1) {
    const even = (m * (b - m) * x) / ((a + 2 * m - 1) * (a + 2 * m));
    const odd = (-(a + m) * (a + b + m) * x) / ((a + 2 * m) * (a + 2 * m + 1));
    let step = 1;
    for (const term of [even, odd]) {
      d = 1 / nonZero(1 + term * d);
      c = nonZero(1 + term / c);
      step = c * d;
      fraction *= step;
    }
    if (Math.abs(step - 1) < 1e-15) break;
  }
  return fraction;
}

const nonZero = (value: number): number => (Math.abs(value) < 1e-300 ? 1e-300 : value);

const lanczos = [
  676.5203681218851, -1259.1392167224028, 771.3234287776531, -176.6150291621406, 12.507343278686905,
  -0.13857109526572012, 9.984369578019572e-6, 1.5056327351493116e-7,
];

/** ln Γ(x) for x > 0: Lanczos' approximation with g = 7 and nine terms. */
function logGamma(x: number): number {
  const z = x - 1;
  const sum = lanczos.reduce((total, coefficient, index) => total + coefficient / (z + index + 1), 0.9999999999998099);
  const t = z + 7.5;
  return Math.log(Math.sqrt(2 * Math.PI) * sum) + (z + 0.5) * Math.log(t) - t;
}

/** The chance of at most `successes` in `trials` where each succeeds with `chance` (DLMF 8.17.5). */
export function binomialCdf(successes: number, trials: number, chance: number): number {
  if (successes < 0) return 0;
  if (successes >= trials) return 1;
  return incompleteBeta(1 - chance, trials - successes, successes + 1);
}
