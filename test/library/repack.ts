/** Where a script is run as root, by `sh -euc`. */
interface Shell {
  sh(script: string, ...args: readonly string[]): string;
}

/**
 * A package as it is installed, with a higher version: `/srv/repacked/NAME.deb` there. Its
 * maintainer's scripts are Debian's.
 */
const script = `
cd /
mkdir -p /srv/repacked
# The archive is put together there: /tmp is small.
export TMPDIR=/srv/repacked
folder=$(mktemp -d /srv/repacked/XXXXXX)
chmod 0755 "$folder"
mkdir "$folder/DEBIAN"
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

/** Its file. */
export function repack(shell: Shell, name: string): string {
  shell.sh(script, name);
  return `/srv/repacked/${name}.deb`;
}
