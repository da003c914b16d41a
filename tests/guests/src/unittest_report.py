"""Runs single tests of Python's own suite and prints a line when each begins and ends.

usage: unittest_report.py MODULE [PATTERN…]        runs the tests that a pattern matches, or all
       unittest_report.py --list MODULE [PATTERN…]  names them instead
Standard input, if not empty, is a list of test names, one a line, that alone are run.
"""

import fnmatch
import sys
import unittest

from test import support


class Report(unittest.TestResult):
    """Prints `RUN name` and then `PASS`, `SKIP` or `FAIL name`; what failed is printed before."""

    def startTest(self, test):
        super().startTest(test)
        self.verdict = "PASS"
        say("RUN", test.id())

    def stopTest(self, test):
        super().stopTest(test)
        say(self.verdict, test.id())

    def fail(self, error):
        self.verdict = "FAIL"
        print(self._exc_info_to_string(error, self.current), flush=True)

    def addError(self, test, error):
        self.current = test
        if test.id().startswith(("setUpClass", "setUpModule")):
            print(self._exc_info_to_string(error, test), flush=True)
            say("FAIL", test.id())
            return
        self.fail(error)

    def addFailure(self, test, error):
        self.current = test
        self.fail(error)

    def addSubTest(self, test, subtest, error):
        if error is not None:
            self.current = test
            self.fail(error)

    def addSkip(self, test, reason):
        self.verdict = "SKIP"

    def addUnexpectedSuccess(self, test):
        self.verdict = "FAIL"


def say(word, name):
    print(f"\n{word} {name}", flush=True)


def flat(suite):
    for test in suite:
        if isinstance(test, unittest.TestSuite):
            yield from flat(test)
        else:
            yield test


def main():
    arguments = sys.argv[1:]
    only_list = arguments[:1] == ["--list"]
    if only_list:
        del arguments[0]
    module, patterns = arguments[0], arguments[1:]
    support.use_resources = []
    support.verbose = False
    suite = unittest.defaultTestLoader.loadTestsFromName(module)
    tests = [test for test in flat(suite) if not patterns or any(fnmatch.fnmatchcase(test.id(), p) for p in patterns)]
    if only_list:
        print("\n".join(test.id() for test in tests))
        return
    wanted = {line.strip() for line in sys.stdin} - {""}
    chosen = unittest.TestSuite(test for test in tests if not wanted or test.id() in wanted)
    chosen.run(Report())


if __name__ == "__main__":
    main()
