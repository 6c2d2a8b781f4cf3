# Prints the tests of an unpacked source package as JSON, as autopkgtest reads them.
import json
import sys

sys.path.insert(0, "/usr/share/autopkgtest/lib")
import testdesc  # noqa: E402

# What this system can do is not asked here.
everything = [
    *("isolation-container", "isolation-machine", "root-on-testbed", "has_internet"),
    *("revert-full-system", "reboot"),
]
folder, architecture = sys.argv[1:]
tests, _ = testdesc.parse_debian_source(
    folder, everything, architecture, False, auto_control=False
)
print(
    json.dumps(
        [
            {
                "name": test.name,
                "restrictions": sorted(test.restrictions),
                "depends": ", ".join(" | ".join(one) for one in test.depends),
                "own": [
                    one for one, *others in test.package_under_test_depends if not others
                ],
            }
            for test in tests
        ]
    )
)
