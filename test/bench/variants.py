"""Variants of the embedded model for the cost benchmark: float32, int8 (dynamic), int4 (MatMulNBits), with config and tokenizer beside.

    python variants.py MODEL_FOLDER OUT_FOLDER     # writes OUT/fp32, OUT/int8, OUT/int4
"""
import shutil, sys, tempfile
from pathlib import Path
import numpy as np, onnx, onnxruntime
from onnx import numpy_helper
from onnxruntime.quantization import QuantType, quantize_dynamic
from onnxruntime.quantization.matmul_nbits_quantizer import MatMulNBitsQuantizer

source, out = Path(sys.argv[1]), Path(sys.argv[2])


def folder(name):
    path = out / name / "onnx"
    path.mkdir(parents=True, exist_ok=True)
    for file in source.glob("*.json"):
        shutil.copy(file, out / name)
    return path / "model.onnx"


# Weights that nodes compute from stored integers become float initializers.
with tempfile.TemporaryDirectory() as scratch:
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_BASIC
    options.optimized_model_filepath = f"{scratch}/folded.onnx"
    onnxruntime.InferenceSession(source / "onnx" / "model.onnx", options, providers=["CPUExecutionProvider"])
    model = onnx.load(f"{scratch}/folded.onnx")
graph = model.graph
stored = {t.name: t for t in graph.initializer}
readers = {}
for node in graph.node:
    for name in node.input:
        readers.setdefault(name, []).append(node)
maker = {name: node for node in graph.node for name in node.output}
# So does the table of which rows are looked up first and scaled after: Gather, Cast, Mul by a looked-up scale.
for node in list(graph.node):
    if node.op_type != "Gather" or node.input[0] not in stored or stored[node.input[0]].data_type != onnx.TensorProto.INT8:
        continue
    cast = readers[node.output[0]][0]
    scale = readers[cast.output[0]][0]
    other = maker[next(name for name in scale.input if name != cast.output[0])]
    shaped = [other] if other.op_type != "Gather" else []
    if shaped:
        other = maker[other.input[0]]
    table = numpy_helper.to_array(stored[node.input[0]]).astype(np.float32) * numpy_helper.to_array(stored[other.input[0]]).reshape(-1, 1)
    graph.initializer.append(numpy_helper.from_array(table.astype(np.float32), "embed.float"))
    node.input[0] = "embed.float"
    node.output[0] = scale.output[0]
    for gone in (cast, scale, other, *shaped):
        graph.node.remove(gone)
read = {name for node in graph.node for name in node.input}
for tensor in [t for t in graph.initializer if t.name not in read]:
    graph.initializer.remove(tensor)
onnx.save(model, folder("fp32"))
quantize_dynamic(out / "fp32/onnx/model.onnx", folder("int8"), weight_type=QuantType.QInt8)
quantizer = MatMulNBitsQuantizer(onnx.load(out / "fp32/onnx/model.onnx"), block_size=32, is_symmetric=True)
quantizer.process()
quantizer.model.save_model_to_file(str(folder("int4")), False)
for path in sorted(out.glob("*/onnx/model.onnx")):
    print(path.parent.parent.name, path.stat().st_size)
