"""Reads what check wrote as CI systems do. Usage: validate.py SARIF SCHEMA JUNIT; silent when both are right."""
import json
import sys

import jsonschema
import junitparser

sarif, schema, junit = sys.argv[1:]
jsonschema.Draft7Validator(json.load(open(schema))).validate(json.load(open(sarif)))
suites = junitparser.JUnitXml.fromfile(junit)
cases = [case for suite in suites for case in suite]
assert cases and suites.tests == len(cases), (suites.tests, len(cases))
assert suites.failures == sum(isinstance(r, junitparser.Failure) for case in cases for r in case.result)
