// Makes a component of a module: node --input-type=module --eval THIS -- MODULE WORLD OUT FEATURE…
//
// It calls componentize-js as a library: its command stands on packages that it does not name itself.
import { writeFile } from 'node:fs/promises';
import { componentize } from '@bytecodealliance/componentize-js';

const [sourcePath, worldName, out, ...disableFeatures] = process.argv.slice(1);
const { component } = await componentize({ sourcePath, witPath: 'wit', worldName, disableFeatures });
await writeFile(out, component);
