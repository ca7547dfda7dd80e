import { tinyCheckout } from './support/gym/checkout.ts';
import { gym } from './support/gym/program.ts';

using c = tinyCheckout();
console.log(await gym(c.path, ['up']));
console.log(await gym(c.path, ['down']));
