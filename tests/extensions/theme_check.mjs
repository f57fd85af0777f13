// Runs Shopify's theme-check over a folder with a configuration file and prints its findings as JSON.
import { themeCheckRun } from '@shopify/theme-check-node';

const [folder, config] = process.argv.slice(2);
const { offenses } = await themeCheckRun(folder, config, () => {});
const findings = offenses.map(({ check, message, uri, start }) => ({ check, message, file: uri, line: start.line + 1 }));
console.log(JSON.stringify(findings));
