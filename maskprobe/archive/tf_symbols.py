"""TensorFlow functions and graph ops: which compute on tensors alone, and which reach outside of the model."""

from __future__ import annotations

from maskprobe.archive.plain import words

TENSOR_NAMESPACES = (
    "__operators__.",
    "bitwise.",
    "dtypes.",
    "image.",
    "keras.activations.",
    "keras.losses.",
    "keras.metrics.",
    "linalg.",
    "math.",
    "nn.",
    "quantization.",
    "ragged.",
    "random.",
    "sets.",
    "signal.",
    "sparse.",
    "strings.",
)
"""Namespaces of `tf` that hold functions on tensors. `io`, `raw_ops`, `saved_model`, `train`, `data`, `py_function`,
`load_op_library`, `autograph`, `distribute`, `summary`, `debugging` and the rest are not among them."""

TENSOR_FUNCTIONS = words(
    """
    abs acos acosh add add_n approx_top_k argmax argmin argsort as_string asin asinh assert_equal assert_greater
    assert_less assert_rank atan atan2 atanh batch_to_space bitcast boolean_mask broadcast_dynamic_shape
    broadcast_static_shape broadcast_to cast clip_by_global_norm clip_by_norm clip_by_value complex concat constant
    conv convert_to_tensor cos cosh cumsum divide dynamic_partition dynamic_stitch edit_distance eig eigvals einsum
    ensure_shape equal exp expand_dims extract_volume_patches eye fftnd fill fingerprint floor gather gather_nd
    greater greater_equal guarantee_const histogram_fixed_width histogram_fixed_width_bins identity identity_n
    ifftnd irfftnd is_tensor less less_equal linspace logical_and logical_not logical_or matmul matrix_square_root
    maximum meshgrid minimum multiply negative no_op norm not_equal one_hot ones ones_like pad parallel_stack pow
    range rank realdiv reduce_all reduce_any reduce_logsumexp reduce_max reduce_mean reduce_min reduce_prod
    reduce_sum repeat required_space_to_batch_paddings reshape reverse reverse_sequence rfftnd roll round
    saturate_cast scalar_mul scatter_nd searchsorted sequence_mask shape shape_n sigmoid sign sin sinh size slice
    sort space_to_batch space_to_batch_nd split sqrt square squeeze stack stop_gradient strided_slice subtract tan
    tanh tensor_scatter_nd_add tensor_scatter_nd_max tensor_scatter_nd_min tensor_scatter_nd_sub
    tensor_scatter_nd_update tensordot tile transpose truediv truncatediv truncatemod unique unique_with_counts
    unravel_index unstack where zeros zeros_like
    """
)
"""Functions of `tf` itself that work on tensors alone."""

BACKEND_FUNCTIONS = words(
    """
    abs all any arange argmax argmin batch_dot batch_flatten batch_normalization bias_add binary_crossentropy cast
    categorical_crossentropy clip concatenate constant conv1d conv2d conv2d_transpose conv3d cos cumprod cumsum
    depthwise_conv2d dot dropout dtype elu equal exp expand_dims flatten gather greater greater_equal hard_sigmoid
    identity in_top_k int_shape is_sparse l2_normalize less less_equal log max maximum mean min minimum
    moving_average_update ndim not_equal one_hot ones_like permute_dimensions pool2d pool3d pow prod relu repeat
    repeat_elements reshape resize_images resize_volumes reverse round separable_conv2d shape sigmoid sign sin
    softmax softplus softsign sparse_categorical_crossentropy spatial_2d_padding spatial_3d_padding sqrt square
    squeeze stack std stop_gradient sum tanh temporal_padding tile to_dense transpose var zeros_like
    """
)
"""Functions of `tf.keras.backend` that work on tensors alone."""

BARRED_FUNCTIONS = frozenset(
    {"ragged.map_flat_values", "random.set_global_generator", "random.set_seed", "sparse.map_values"}
)
"""Functions of allowed namespaces that call what they are given or change the process."""

TENSOR_METHODS = words(
    """
    bounding_shape dense_shape flat_values indices merge_dims nested_row_lengths nested_row_splits nested_value_rowids
    nrows row_lengths row_limits row_splits row_starts to_sparse to_tensor value_rowids values with_flat_values
    with_row_splits_dtype with_values from_nested_row_lengths from_nested_row_splits from_nested_value_rowids
    from_row_lengths from_row_limits from_row_splits from_row_starts from_sparse from_tensor from_uniform_row_length
    from_value_rowids
    """
)
"""Methods and properties of ragged and sparse tensors that tf_keras records as layers."""

REACHING_OPS = words(
    """
    CSVDataset CSVDatasetV2 CacheDataset CacheDatasetV2 ConfigureDistributedTPU ConfigureTPUEmbedding
    CreateSummaryDbWriter CreateSummaryFileWriter DataServiceDataset DataServiceDatasetV2 DataServiceDatasetV3
    DataServiceDatasetV4 DatasetFromGraph DatasetToTFRecord DebugIdentity DebugIdentityV2 DebugIdentityV3
    DebugNanCount DebugNumericSummary DebugNumericSummaryV2 DistributedSave EagerPyFunc ExperimentalCSVDataset
    ExperimentalDatasetToTFRecord ExperimentalLMDBDataset ExperimentalMatchingFilesDataset ExperimentalSqlDataset
    FileSystemSetConfiguration FixedLengthRecordDataset FixedLengthRecordDatasetV2 FixedLengthRecordReader
    FixedLengthRecordReaderV2 GenerateVocabRemapping GeneratorDataset IdentityReader IdentityReaderV2 ImmutableConst
    ImportEvent LMDBDataset LMDBReader ListSnapshotChunksDataset LoadAndRemapMatrix LoadDataset MatchingFiles
    MatchingFilesDataset PrintV2 PyFunc PyFuncStateless ReadFile ReaderRead ReaderReadUpTo ReaderReadUpToV2
    ReaderReadV2 RegisterDataset RegisterDatasetV2 RemoteCall SaveDataset SaveDatasetV2 ShutdownDistributedTPU
    SnapshotChunkDataset SnapshotDataset SnapshotDatasetReader SnapshotDatasetV2 SnapshotNestedDatasetReader
    SqlDataset SummaryWriter TFRecordDataset TFRecordDatasetV2 TFRecordReader TFRecordReaderV2 TextLineDataset
    TextLineReader TextLineReaderV2 WholeFileReader WholeFileReaderV2 WorkerHeartbeat WriteFile
    """
)
"""Graph ops that read or write files, call Python, reach other processes or open connections. `PrintV2` is one: it
can write to a file. Not listed: `InitializeTableFromTextFileV2`, by which every saved vocabulary is read back."""

CHECKPOINT_OPS = words(
    """
    MergeV2Checkpoints Restore RestoreSlice RestoreV2 Save SaveSlices SaveV2
    """
)
"""Ops that write and read checkpoints: every SavedModel has them, in its save and restore functions."""


def symbol_allowed(symbol: str) -> bool:
    """Tell whether the TensorFlow function that `TFOpLambda` names works on tensors alone.

    Args:
        symbol: Dotted name inside `tf`, such as `math.add`; those of TensorFlow 1 start with `compat.v1.`.
    """
    name = symbol.removeprefix("compat.v1.")
    parts = name.removeprefix("__operators__.").split(".")
    if name in BARRED_FUNCTIONS or not all(part.isidentifier() and not part.startswith("_") for part in parts):
        return False
    if name.startswith("keras.backend."):
        return name.removeprefix("keras.backend.") in BACKEND_FUNCTIONS
    return name in TENSOR_FUNCTIONS or name.startswith(TENSOR_NAMESPACES)
