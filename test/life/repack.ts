import type { ScratchRoot } from "../package/scratch-root.ts";

/**
 * A package as it is installed, with a higher version: `/srv/repacked/NAME.deb` in the root. Its
 * maintainer's scripts are Debian's.
 */
const script = `
folder=$(mktemp -d)
mkdir -p "$folder/DEBIAN" /srv/repacked
dpkg-query -L "$1" | sed 's,^/,,' |
  tar --create --directory=/ --no-recursion --ignore-failed-read --files-from=- |
  tar --extract --directory="$folder"
dpkg-query -s "$1" | sed -e '/^Status:/d' -e 's/^Version: .*/&+life1/' \\
  -e '/^Conffiles:/,/^[^ C]/{/^Conffiles:/d;/^ /d}' \\
  >"$folder/DEBIAN/control"
for part in preinst postinst prerm postrm conffiles; do
  [ ! -e "/var/lib/dpkg/info/$1.$part" ] || cp "/var/lib/dpkg/info/$1.$part" "$folder/DEBIAN/$part"
done
dpkg-deb --root-owner-group -Znone --build "$folder" "/srv/repacked/$1.deb" >/dev/null
rm -rf "$folder"
`;

export function repack(root: ScratchRoot, name: string): void {
  root.sh(script, name);
}
