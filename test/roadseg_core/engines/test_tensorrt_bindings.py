"""What the TensorRT engine calls, against the real Python bindings of TensorRT 10 and 11."""

from __future__ import annotations

import ast
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parents[3]
HERE = Path(__file__).parent
BINDINGS = ROOT / 'build' / 'bindings'

# What the bindings link to; nothing behind it is called.
LIBRARIES = ('nvinfer', 'nvinfer_plugin', 'nvonnxparser')
SYMBOLS = (
    'createInferBuilder_INTERNAL',
    'createInferRefitter_INTERNAL',
    'createInferRuntime_INTERNAL',
    'createNvOnnxParser_INTERNAL',
    'createNvOnnxParserRefitter_INTERNAL',
    'getBuilderPluginRegistry',
    'getPluginRegistry',
    'getNvOnnxParserVersion',
    'initLibNvInferPlugins',
)
# How versions of the bindings write the same type.
SPELLINGS = (
    (r'(tensorrt_bindings\.tensorrt|typing_extensions|collections\.abc)\.', ''),
    (r'typing\.SupportsInt', 'int'),
    (r'\bBuffer\b', 'buffer'),
    (r'\bSequence\[', 'List['),
    (r'nvonnxparser::IParserError', 'ParserError'),
    (r'= <(\w+\.)?(\w+): -?\d+>', r'= \2'),
)


@pytest.fixture(scope='module', params=['10.13.3.9.post1', '11.4.0.106'])
def environment(request: pytest.FixtureRequest, tmp_path_factory) -> dict[str, str]:
    """Return the environment of a process that has the bindings of one version."""
    version = request.param.partition('.')[0]
    folder = BINDINGS / version
    if not (folder / 'installed').is_file():
        pytest.skip(
            f'the bindings of TensorRT {version} are not there (make test gets them, from '
            f'PyPI and for x86-64): make build/bindings/{version}/installed'
        )
    compiler = shutil.which('cc') or shutil.which('gcc')
    if compiler is None:
        pytest.skip('needs a C compiler (cc or gcc) for the stub libraries')
    stubs = tmp_path_factory.mktemp(f'stubs{version}')
    source = stubs / 'stubs.c'
    source.write_text(''.join(f'void *{symbol}(void) {{ return 0; }}\n' for symbol in SYMBOLS))
    for library in LIBRARIES:
        name = f'lib{library}.so.{version}'
        subprocess.run(
            [compiler, '-shared', '-fPIC', f'-Wl,-soname,{name}', '-o', stubs / name, source],
            check=True,
            timeout=60,
        )
    libraries = ':'.join(filter(None, [str(stubs), os.environ.get('LD_LIBRARY_PATH')]))
    return {
        **os.environ,
        'LD_LIBRARY_PATH': libraries,
        'PYTHONPATH': f'{folder}:{ROOT}',
        'TENSORRT_VERSION': request.param,
    }


def run(environment: dict[str, str], script: str, *arguments: str, sent: str = '') -> str:
    result = subprocess.run(
        [sys.executable, HERE / script, *arguments],
        env=environment,
        input=sent,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert result.returncode == 0, result.stderr
    return result.stdout


def declared_names(modules: dict[str, ModuleType], version: str) -> dict[str, dict]:
    """Return what the doubles of a version have."""
    cuda = modules['cuda_double'].Cuda()
    trt = modules['tensorrt_double'].TensorRt(version, cuda)
    names = modules['binding_double'].names
    return {'tensorrt': names(trt.module()), 'cuda': names(cuda.module())}


def test_the_doubles_have_what_the_bindings_have(environment, double_modules):
    """Compare every class, method, signature, member and value."""
    named = declared_names(double_modules, environment['TENSORRT_VERSION'])
    found = json.loads(
        run(
            environment,
            'bindings_probe.py',
            sent=json.dumps({kind: list(names) for kind, names in named.items()}),
        )
    )
    problems = []
    for kind, names in named.items():
        for name, declared in names.items():
            problem = compare(declared, found[kind][name])
            if problem:
                problems.append(f'{kind} {name}: {problem}')
    assert not problems
    assert found['tensorrt']['__version__']['text'] == environment['TENSORRT_VERSION']
    assert len(named['tensorrt']) > 60 and len(named['cuda']) > 25


def compare(declared: str | int | None, found: dict | None) -> str:
    """Say how what the bindings have differs from what a double declares."""
    if found is None:
        return 'the bindings have no such thing'
    if isinstance(declared, int):
        return '' if found['number'] == declared else f'{found["number"]} instead of {declared}'
    if isinstance(declared, str):
        lines = documented(found['doc'])
        return '' if declared in lines else f'expected {declared!r}; found {lines}'
    return ''


def documented(doc: str) -> list[str]:
    """Return the signatures in a docstring, one for each overload, in one spelling."""
    for pattern, replacement in SPELLINGS:
        doc = re.sub(pattern, replacement, doc)
    lines = [re.sub(r'^\d+\. ', '', line.strip()) for line in doc.splitlines()]
    return [line for line in lines if re.match(r'\w+\(.*\)( -> [\w.]+)?$', line)]


def test_a_difference_is_seen():
    doc = (
        'f(*args, **kwargs)\nOverloaded function.\n\n1. f(self: tensorrt_bindings.tensorrt.A, '
        'n: typing.SupportsInt = 0) -> bool\n\n2. f(self: tensorrt_bindings.tensorrt.A) -> str'
    )
    found = {'doc': doc, 'number': None}
    assert compare('f(self: A, n: int = 0) -> bool', found) == ''
    assert compare('f(self: A) -> str', found) == ''
    assert 'expected' in compare('f(self: A, n: int) -> bool', found)
    assert 'expected' in compare('f(self: A, m: int = 0) -> bool', found)
    assert compare(3, {'doc': '', 'number': 4}) == '4 instead of 3'
    assert compare(None, None) == 'the bindings have no such thing'


def test_the_engine_names_nothing_that_the_doubles_lack(double_modules):
    """Read the engine's source: what it names of TensorRT and CUDA is in the doubles."""
    named = declared_names(double_modules, '11.4.0.106')
    used = set()
    for path in sorted((ROOT / 'roadseg_core' / 'engines' / 'tensorrt').glob('*.py')):
        for node in ast.walk(ast.parse(path.read_text(encoding='utf-8'))):
            dotted = ast.unparse(node) if isinstance(node, ast.Attribute) else ''
            for module, kind in (('trt.', 'tensorrt'), ('cudart.', 'cuda')):
                if dotted.startswith(module) and dotted.replace('.', '').isidentifier():
                    used.add((kind, dotted.removeprefix(module)))
    assert ('tensorrt', 'Builder') in used and ('cuda', 'cudaMalloc') in used
    # A base's methods are there through the class that has them.
    missing = {
        (kind, name)
        for kind, name in used
        if name not in named[kind] and name.rpartition('.')[0] not in named[kind]
    }
    assert not missing


def test_the_engine_runs_on_the_bindings_as_far_as_it_can(environment):
    """Log, progress, and the errors where there is no GPU and no library behind the stubs."""
    model = ROOT / 'models' / 'mobilenet_fcn_0.5.onnx'
    assert 'as expected' in run(environment, 'engine_probe.py', str(model))
