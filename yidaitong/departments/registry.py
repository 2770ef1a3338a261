"""Every department and resource, found by folder: a new department is one file in providers/."""

import importlib
import pkgutil

from yidaitong.departments import providers
from yidaitong.departments.definitions import Department, Resource


def _collect() -> dict[str, Department]:
    found: list[Department] = []
    for module in pkgutil.iter_modules(providers.__path__):
        loaded = importlib.import_module(f"{providers.__name__}.{module.name}")
        department = loaded.DEPARTMENT
        if not isinstance(department, Department):
            raise TypeError(f"{module.name}.DEPARTMENT is no Department")
        found.append(department)
    return {entry.code: entry for entry in sorted(found, key=lambda entry: entry.order)}


DEPARTMENTS: dict[str, Department] = _collect()

RESOURCES: dict[str, Resource] = {
    resource.code: resource
    for department in DEPARTMENTS.values()
    for resource in department.resources
}
