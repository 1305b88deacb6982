//! Arithmetic of vectors. Loops are over plain slices, so that they become SIMD instructions.

/// Scales a vector to length 1; none if that can't be done.
pub(crate) fn normalised(vector: &[f32]) -> Option<Vec<f32>> {
    let squares: f32 = vector.iter().map(|it| it * it).sum();
    let length = squares.sqrt();
    if !length.is_finite() || length <= f32::MIN_POSITIVE {
        return None;
    }
    Some(vector.iter().map(|it| it / length).collect())
}

/// The product of two vectors of the same length.
pub(crate) fn dot(a: &[f32], b: &[f32]) -> f32 {
    // Separate sums, because the order of floating-point additions is not the compiler's to change.
    let mut sums = [0.0_f32; 8];
    let (a_parts, a_rest) = a.as_chunks::<8>();
    let (b_parts, b_rest) = b.as_chunks::<8>();
    for (a, b) in a_parts.iter().zip(b_parts) {
        for lane in 0..8 {
            sums[lane] += a[lane] * b[lane];
        }
    }
    let rest: f32 = a_rest.iter().zip(b_rest).map(|(a, b)| a * b).sum();
    sums.iter().sum::<f32>() + rest
}

/// The product of two quantised vectors of the same length, without their scales.
#[cfg_attr(target_family = "wasm", target_feature(enable = "simd128"))]
pub(crate) fn dot_quantised(a: &[u8], b: &[u8]) -> i32 {
    let product = |(a, b): (&u8, &u8)| i32::from(i16::from(*a as i8) * i16::from(*b as i8));
    a.iter().zip(b).map(product).sum()
}

/// Bytes of a quantised vector of so many numbers.
pub(crate) fn quantised_bytes(dimensions: usize) -> usize {
    dimensions + 4
}

/// Appends a vector in 8 bits, after the scale that it is to be multiplied with.
pub(crate) fn quantise(vector: &[f32], bytes: &mut Vec<u8>) {
    let largest = vector.iter().fold(0.0_f32, |most, it| most.max(it.abs()));
    let scale = if largest > 0.0 { largest / 127.0 } else { 1.0 };
    bytes.extend_from_slice(&scale.to_le_bytes());
    bytes.extend(vector.iter().map(|it| (it / scale).round() as i8 as u8));
}

/// The scale and the numbers of what [`quantise`] wrote.
pub(crate) fn quantised(bytes: &[u8]) -> (f32, &[u8]) {
    let (scale, numbers) = bytes.split_at(4);
    (
        f32::from_le_bytes([scale[0], scale[1], scale[2], scale[3]]),
        numbers,
    )
}

pub(crate) fn floats(bytes: &[u8]) -> Vec<f32> {
    let numbers = bytes.as_chunks::<4>().0.iter();
    numbers.map(|number| f32::from_le_bytes(*number)).collect()
}
