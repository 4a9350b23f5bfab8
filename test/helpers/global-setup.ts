export { setupEnvironment as setup } from './environment.ts';
