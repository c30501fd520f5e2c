// SPDX-License-Identifier: Apache-2.0
// Slices as the back end connects them: three in a cascade, and one that adds their sum through its port C.
module column #(
    parameter int A = 25,
    parameter int B = 18,
    parameter bit SERIES7 = 0
) (
    input  logic clk,
    input  logic [4*A-1:0] a,
    input  logic [4*B-1:0] b,
    input  logic [47:0] c,
    output logic [47:0] p0,
    output logic [47:0] p1,
    output logic [47:0] p2,
    output logic [47:0] p3
);
  logic [47:0] to1, to2;
  hls_mul_add #(.A(A), .B(B), .CASCADE(0), .SERIES7(SERIES7)) u0 (
      .clk(clk), .a(a[0*A+:A]), .b(b[0*B+:B]), .c(c), .p(p0), .pcout(to1)
  );
  hls_mul_add #(.A(A), .B(B), .CASCADE(1), .SERIES7(SERIES7)) u1 (
      .clk(clk), .a(a[1*A+:A]), .b(b[1*B+:B]), .c(to1), .p(p1), .pcout(to2)
  );
  hls_mul_add #(.A(A), .B(B), .CASCADE(1), .SERIES7(SERIES7)) u2 (
      .clk(clk), .a(a[2*A+:A]), .b(b[2*B+:B]), .c(to2), .p(p2), .pcout()
  );
  hls_mul_add #(.A(A), .B(B), .CASCADE(0), .SERIES7(SERIES7)) u3 (
      .clk(clk), .a(a[3*A+:A]), .b(b[3*B+:B]), .c(p2), .p(p3), .pcout()
  );
endmodule
