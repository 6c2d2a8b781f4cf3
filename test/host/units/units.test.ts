/** Units in their domains, on one booted systemd: each boot costs more than most of the tests. */

import { withBootedUnits } from "./booted-units.ts";
import "./debian-units.ts";
import "./kinds-of-units.ts";
import "./unit-settings.ts";
import "./changed-units.ts";

withBootedUnits();

import "./unit-groups.ts";
