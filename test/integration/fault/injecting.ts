// Injects a fault that this process holds, and stays until it is killed. Arguments: project, fault as JSON.

import { inject } from '../../../gym/fault/inject.ts';
import { environmentFault } from '../../../gym/task/environment-fault.ts';

const [project = '', fault = ''] = process.argv.slice(2);
const injected = await inject({ ambient: process.env, project }, environmentFault.parse(JSON.parse(fault)));
console.log(injected.ok ? `injected ${injected.value.id}` : JSON.stringify(injected.problems));
setInterval(() => undefined, 1000);
