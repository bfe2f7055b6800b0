"""The names that Keras 1 to 3 resolve by themselves in configs that do not say from which module a name comes.

Files of Keras before 2.12, and every `.h5` and SavedModel, name a class or function without its module; Keras looks
the name up among its own and the user's. What is not listed here is therefore the user's.
Source: the public names of `keras` 3.15.1 and `tf_keras` 2.21, and those that Keras 1 and 2 had and these no longer
have. Left out on purpose: layers that load another program (see `allowed.py`), and `get`, `serialize` and
`deserialize`, which build whatever a config asks for.
"""

from __future__ import annotations

from maskprobe.archive.plain import words

MODELS = frozenset({"Functional", "Model", "Sequential"})
"""Classes whose config is a graph."""

LAYERS = words(
    """
    AbstractRNNCell Activation ActivityRegularization AdaptiveAveragePooling1D AdaptiveAveragePooling2D
    AdaptiveAveragePooling3D AdaptiveMaxPooling1D AdaptiveMaxPooling2D AdaptiveMaxPooling3D Add AddLoss AddMetric
    AdditiveAttention AlphaDropout AtrousConv1D AtrousConv2D AtrousConvolution1D AtrousConvolution2D Attention
    AugMix AutoContrast Average AveragePooling1D AveragePooling2D AveragePooling3D AvgPool1D AvgPool2D AvgPool3D
    BaseRandomLayer BatchNormBase BatchNormalization BatchNormalizationV1 BatchNormalizationV2 Bidirectional
    CategoryCrossing CategoryEncoding CenterCrop ClassMethod Concatenate
    ContrastLimitedAdaptiveHistogramEqualization Conv1D Conv1DTranspose Conv2D Conv2DTranspose Conv3D
    Conv3DTranspose ConvLSTM1D ConvLSTM2D ConvLSTM2DCell ConvLSTM3D ConvRNN2D ConvRecurrent2D Convolution1D
    Convolution1DTranspose Convolution2D Convolution2DTranspose Convolution3D Convolution3DTranspose Cropping1D
    Cropping2D Cropping3D CuDNNGRU CuDNNLSTM CutMix Deconv2D Deconv3D Deconvolution2D Deconvolution3D Dense
    DenseFeatures DepthwiseConv1D DepthwiseConv2D DepthwiseConvolution2D Discretization Dot Dropout
    DynamicEmbedding DynamicLookup ELU EinsumDense Embedding Equalization FeatureSpace Flatten GRU GRUCell GRUV1
    GRUV2 GaussianDropout GaussianNoise GlobalAveragePooling1D GlobalAveragePooling2D GlobalAveragePooling3D
    GlobalAvgPool1D GlobalAvgPool2D GlobalAvgPool3D GlobalMaxPool1D GlobalMaxPool2D GlobalMaxPool3D
    GlobalMaxPooling1D GlobalMaxPooling2D GlobalMaxPooling3D GroupNormalization GroupQueryAttention
    GroupedQueryAttention HashedCrossing
    Hashing Highway Identity InputLayer InstanceMethod InstanceProperty IntegerLookup LSTM LSTMCell LSTMV1 LSTMV2
    Lambda Layer LayerNormalization LeakyReLU LinearModel LocallyConnected1D LocallyConnected2D Masking
    MaxNumBoundingBoxes MaxPool1D MaxPool2D MaxPool3D MaxPooling1D MaxPooling2D MaxPooling3D Maximum Maxout
    MaxoutDense MelSpectrogram Merge Minimum MixUp ModuleWrapper MultiHeadAttention Multiply Normalization PReLU
    ParametricSoftplus PeepholeLSTMCell Permute Pipeline PreprocessingLayer RMSNormalization RNN RandAugment
    RandomBrightness RandomColorDegeneration RandomColorJitter RandomContrast RandomCrop RandomElasticTransform
    RandomErasing RandomFlip RandomFourierFeatures RandomGaussianBlur RandomGrayscale RandomHeight RandomHue
    RandomInvert RandomPerspective RandomPosterization RandomRotation RandomSaturation RandomSharpness RandomShear
    RandomTranslation RandomWidth RandomZoom ReLU Recurrent RepeatVector Rescaling Reshape Resizing
    ReversibleEmbedding SReLU STFTSpectrogram SeparableConv1D SeparableConv2D SeparableConvolution1D
    SeparableConvolution2D SequenceFeatures SimpleRNN SimpleRNNCell SlicingOpLambda Softmax Solarization
    SpatialDropout1D SpatialDropout2D SpatialDropout3D SpectralNormalization StackedRNNCells StringLookup Subtract
    SyncBatchNormalization TFOpLambda TensorFlowOpLayer TextVectorization ThresholdedReLU TimeDistributed
    TimeDistributedDense UnitNormalization UpSampling1D UpSampling2D UpSampling3D WideDeepModel Wrapper
    ZeroPadding1D ZeroPadding2D ZeroPadding3D
    """
)
"""Layers of Keras 1 to 3: preprocessing, wrappers, cells and the layers that stand for TensorFlow functions."""

OPERATIONS = words(
    """
    Abs Absolute AdaptiveAveragePool AdaptiveMaxPool Add AffineTransform All AllClose Amax Amin Angle Any Append
    Arange Arccos Arccosh Arcsin Arcsinh Arctan Arctan2 Arctanh Argmax Argmin Argpartition Argsort Array
    ArraySplit Average AveragePool BatchNorm BinaryCrossentropy Bincount BitwiseAnd BitwiseInvert BitwiseLeftShift
    BitwiseNot BitwiseOr BitwiseRightShift BitwiseXor BroadcastTo CDist CTCDecode CTCLoss Cast
    CategoricalCrossentropy Cbrt Ceil Celu Cholesky CholeskyInverse Clip Concatenate Conj Conjugate Conv
    ConvTranspose ConvertToTensor Copy Corrcoef Correlate Cos Cosh CountNonzero CropImages Cross Cumprod Cumsum
    Deg2rad DepthToSpace DepthwiseConv Det Diag Diagflat Diagonal Diff Digitize Divide DivideNoNan Dot
    DotProductAttention Dsplit Dstack Eig Eigh Einsum ElasticTransform Elu EmptyLike Equal Erf Erfc Erfinv Exp
    Exp2 ExpandDims Expm1 ExtractPatches ExtractSequences FFT FFT2 Fabs Flip Fliplr Flipud Floor FloorDivide Fmax
    Fmin Fmod Fold Full FullLike GaussianBlur Gcd Gelu Geomspace GetItem Glu Greater GreaterEqual HSVToRGB
    HardShrink HardSigmoid HardSilu HardTanh Heaviside Histogram Hsplit Hstack Hypot I0 IFFT2 IRFFT ISTFT Imag
    InTopK Inner Inv IsIn Isclose Isfinite Isinf Isnan Isneginf Isposinf Isreal Kron LayerNorm Lcm Ldexp LeakyRelu
    LeftShift Less LessEqual Linspace Log Log10 Log1p Log2 LogSigmoid LogSoftmax Logaddexp Logaddexp2 Logdet
    LogicalAnd LogicalNot LogicalOr LogicalXor Logspace Logsumexp Lstsq LuFactor MapCoordinates Matmul MatrixRank
    Max MaxPool Maximum Mean Median Meshgrid Min Minimum Mod Moments Moveaxis MultiHot Multiply NanToNum Nanargmax
    Nanargmin Nancumprod Nancumsum Nanmax Nanmean Nanmedian Nanmin Nanpercentile Nanprod Nanquantile Nanstd Nansum
    Nanvar Ndim Negative Nextafter Nonzero Norm Normalize NotEqual OneHot OnesLike Outer PSNR Pad PadImages
    Percentile PerspectiveTransform Pinv Polar Power Prod Ptp Qr Quantile RFFT RGBToGrayscale RGBToHSV RMSNorm
    Rad2deg Ravel Real Rearrange Reciprocal Relu Relu6 Repeat Reshape Resize RightShift Roll Rot90 Round Rsqrt
    SSIM STFT SVD SaturateCast ScaleAndTranslate Scatter ScatterUpdate SearchSorted SegmentMax SegmentMin
    SegmentProd SegmentReduction SegmentSum Select Selu SeparableConv Sigmoid Sign Signbit Silu Sin Sinc Sinh Size
    Slice SliceUpdate Slogdet SobelEdges SoftShrink Softmax Softplus Softsign Solve SolveTriangular Sort
    SpaceToDepth SparseCategoricalCrossentropy SparsePlus SparseSigmoid Sparsemax Split Sqrt Square Squareplus
    Squeeze Stack Std StopGradient Subtract Sum Swapaxes Take TakeAlongAxis Tan Tanh TanhShrink Tensordot
    Threshold Tile TopK Trace Transpose Trapezoid Tril Triu TrueDivide Trunc Unfold Unique UnravelIndex Unstack
    Vander Var Vdot View ViewAsComplex ViewAsReal Vsplit Vstack Where ZerosLike
    """
)
"""Operations on tensors that Keras 3 records in a graph. Those that take a function to call are not among them."""

FUNCTIONS = words(
    """
    AUC Accuracy ActivityRegularizer BCE BinaryAccuracy BinaryCrossentropy BinaryFocalCrossentropy BinaryIoU CTC
    CategoricalAccuracy CategoricalCrossentropy CategoricalFocalCrossentropy CategoricalGeneralizedCrossEntropy
    CategoricalHinge Circle ConcordanceCorrelation Constant Constraint CosineProximity CosineSimilarity Dice
    EigenvalueRegularizer F1Score FBetaScore FalseNegatives FalsePositives GlorotNormal GlorotUniform
    GlorotUniformV2 HeNormal HeUniform Hinge Huber Identity IdentityInitializer Initializer IoU KLD KLDivergence
    L1 L1L2 L2 LecunNormal LecunUniform LogCosh LogCoshError Loss LossFunctionWrapper MAE MAPE MSE MSLE MaxNorm
    Mean MeanAbsoluteError MeanAbsolutePercentageError MeanIoU MeanMetricWrapper MeanRelativeError
    MeanSquaredError MeanSquaredLogarithmicError MeanTensor Metric MetricsList MinMaxNorm NonNeg OneHotIoU
    OneHotMeanIoU Ones Orthogonal OrthogonalInitializer OrthogonalRegularizer PearsonCorrelation Poisson Precision
    PrecisionAtRecall R2Score RadialConstraint RandomNormal RandomNormalV2 RandomUniform Recall RecallAtPrecision
    Reduce Reduction Regularizer RootMeanSquaredError STFT STFTInitializer SensitivityAtSpecificity
    SparseCategoricalAccuracy SparseCategoricalCrossentropy SparseTopKCategoricalAccuracy SpecificityAtSensitivity
    SquaredHinge Sum SumOverBatchSize SumOverBatchSizeMetricWrapper TopKCategoricalAccuracy TrueNegatives
    TruePositives TruncatedNormal Tversky UnitNorm VarianceScaling VarianceScalingV2 WeightRegularizer Zeros acc
    accuracy activity_l1 activity_l1l2 activity_l2 auc bce binary_accuracy binary_crossentropy
    binary_focal_crossentropy binary_io_u categorical_accuracy categorical_crossentropy
    categorical_focal_crossentropy categorical_generalized_cross_entropy categorical_hinge ce celu circle
    concordance_correlation constant constraint cosine cosine_proximity cosine_similarity crossentropy ctc dice
    elu exponential f1_score f_beta_score false_negatives false_positives fbeta_score fmeasure gelu glorot_normal
    glorot_uniform glu hard_shrink hard_sigmoid hard_silu hard_swish hard_tanh he_normal he_uniform hinge huber
    identity initializer io_u kl_divergence kld kullback_leibler_divergence l1 l1_l2 l1l2 l2 leaky_relu
    lecun_normal lecun_uniform linear log_cosh log_cosh_error log_sigmoid log_softmax logcosh mae mape
    matthews_correlation max_norm maxnorm mean mean_absolute_error mean_absolute_percentage_error mean_io_u
    mean_metric_wrapper mean_squared_error mean_squared_logarithmic_error metric min_max_norm mish mse msle
    non_neg nonneg normal one one_hot_io_u one_hot_mean_io_u ones orthogonal orthogonal_regularizer
    pearson_correlation poisson precision precision_at_recall r2_score radial_constraint random_normal
    random_uniform recall recall_at_precision regularizer relu relu6 root_mean_squared_error selu
    sensitivity_at_specificity sigmoid silu soft_shrink softmax softplus softsign sparse_categorical_accuracy
    sparse_categorical_crossentropy sparse_plus sparse_sigmoid sparse_top_k_categorical_accuracy sparsemax
    specificity_at_sensitivity squared_hinge squareplus stft sum swish tanh tanh_shrink threshold
    top_k_categorical_accuracy true_negatives true_positives truncated_normal tversky uniform unit_norm unitnorm
    variance_scaling zero zeros
    """
)
"""Initializers, regularizers, constraints, activations, losses and metrics: classes, functions and short names."""

OTHERS = words(
    """
    AWQConfig AWQDTypePolicy AbsMaxQuantizer Adadelta Adafactor Adagrad Adam AdamW Adamax CompileLoss
    CompileMetrics CosineDecay CosineDecayRestarts Cross DTypePolicy DTypePolicyMap ExponentialDecay Feature
    FeatureSpace Float8QuantizationConfig FloatDTypePolicy Ftrl GPTQConfig GPTQDTypePolicy Int4DTypePolicy
    Int4QuantizationConfig Int8QuantizationConfig InverseTimeDecay Lamb Lion LossScaleOptimizer
    LossScaleOptimizerV1 MultiOptimizer Muon Nadam Optimizer PiecewiseConstantDecay Policy PolicyV1
    PolynomialDecay QuantizationConfig QuantizedDTypePolicy QuantizedFloat8DTypePolicy Quantizer RMSprop SGD
    ScheduleFreeAdamW SeedGenerator TFOptimizer
    """
)
"""Optimizers, schedules, dtype policies, quantizers and random seeds."""

CLASSES = MODELS | LAYERS | OPERATIONS | FUNCTIONS | OTHERS
"""Every name that may stand as `class_name` without a module."""
