"""The only package that imports TensorFlow, Keras or tf_keras: engines, loading, recording."""
